"""Tests of replies.annotation."""
