//! The tests of the memory, as one binary: one story for every backend, and what only SQLite does.

#[cfg(test)]
mod crash;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod people;
#[cfg(test)]
mod queue;
#[cfg(test)]
mod sqlite;
#[cfg(test)]
mod story;
