"""Why a face is read as it is: which of its pixels spoke for the emotion."""
