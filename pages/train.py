"""Train: choose photos and a recipe, watch the training, keep or discard the model."""

from __future__ import annotations

import streamlit as st

from gallery.ui.components import messages
from gallery.ui.train import address as train_address
from gallery.ui.train import data as train_data
from gallery.ui.train import recipe as train_recipe
from gallery.ui.train import run as train_run
from gallery.ui.train import search as train_search

train_address.restore()
row = st.container(horizontal=True, vertical_alignment="center", gap="medium")
row.title("Train", width="content", anchor=False)
with row:
    step = train_address.show_steps()
messages.show_said()
{
    train_address.DATA: train_data.show,
    train_address.RECIPE: train_recipe.show,
    train_address.RUN: train_run.show,
    train_address.SEARCH: train_search.show,
}[step]()
train_address.remember()
