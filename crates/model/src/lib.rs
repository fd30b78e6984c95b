//! The vocabulary of Geophone.
