"""SQLAlchemy tables, the unit of work, the vault, the migrations."""
