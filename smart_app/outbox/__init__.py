"""What is still to be filed in the chart: queue, delivery, reconciliation."""
