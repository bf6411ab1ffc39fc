"""Tests of inputs.readers and inputs.sandbox."""
