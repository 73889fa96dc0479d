"""Why a face is read as it is: which of its pixels speak for the emotion."""
