"""Functions of users', as tests run them: for TF Transform (`preprocessing_fn`) and for derived columns (`derive`)."""
