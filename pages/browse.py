"""Browse: the gallery, sorted by the model."""

import streamlit as st

st.title("Browse")
