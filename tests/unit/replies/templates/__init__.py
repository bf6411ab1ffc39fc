"""Tests of replies.templates."""
