//! Texts that can't become programs.
