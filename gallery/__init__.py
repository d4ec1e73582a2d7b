"""The domain of the Smart Gallery; importing it loads neither TensorFlow nor Streamlit."""
