//! Tower middleware.
