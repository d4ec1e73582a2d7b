"""The resumable run that reads photos, classifies them and writes the catalog."""
