//! The tests of the server over HTTP, as one binary.

#[cfg(test)]
mod access;
#[cfg(test)]
mod attacks;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod control;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod facts;
#[cfg(test)]
mod feed;
#[cfg(test)]
mod log;
#[cfg(test)]
mod modes;
#[cfg(test)]
mod once;
#[cfg(test)]
mod people;
#[cfg(test)]
mod person;
#[cfg(test)]
mod policy;
mod promises;
#[cfg(test)]
mod resume;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod time;
#[cfg(test)]
mod undo;
#[cfg(test)]
mod verbs;
#[cfg(test)]
mod wake;
#[cfg(test)]
mod world;
