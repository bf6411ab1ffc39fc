"""From a candidate to the published file and back: versions, differences, exports."""
