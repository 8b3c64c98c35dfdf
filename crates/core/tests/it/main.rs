//! The tests of the rules, as one binary.

#[cfg(test)]
mod actors;
#[cfg(test)]
mod builders;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod notice;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod table;
#[cfg(test)]
mod world;
