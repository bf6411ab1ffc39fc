"""What figures are about, the same for everybody: areas, periods, breakdowns."""
