"""How the shipped models were made. Imports gallery; gallery never imports it."""
