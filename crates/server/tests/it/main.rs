//! The tests of the server over HTTP, as one binary.

#[cfg(test)]
mod person;
#[cfg(test)]
mod verbs;
#[cfg(test)]
mod world;
