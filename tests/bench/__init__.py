"""What it costs, as ratios against floors measured in the same run: `make bench`."""
