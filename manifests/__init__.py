"""What the platforms are given: a package, so that it is found wherever Switchboard is installed."""
