"""What takes the place of personal data, so that scrubbing twice changes nothing."""
