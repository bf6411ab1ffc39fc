"""What earlier releases left behind, each made by that release with tests.contract.releases.make. All figures are invented."""
