"""What earlier releases left behind, each made by that release with tests.releases.make. All figures are invented."""
