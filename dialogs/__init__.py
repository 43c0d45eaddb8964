"""Dialogs: what is said next. Pure: a dialog, its memory and an event in; the new memory and effects out."""
