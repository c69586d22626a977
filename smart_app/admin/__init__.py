"""Administration: registering EHRs, and what keeps the installation running."""
