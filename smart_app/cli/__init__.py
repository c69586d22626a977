"""The command line `ccm`: one module for each command."""
