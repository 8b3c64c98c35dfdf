//! `holdshort demo`: a real agent, real tools, a real gate. Nothing in it is simulated but the
//! fleet.

mod agent;
mod decider;
mod ending;
mod fleet;
mod place;
mod server;
mod tools;

use holdshort_sdk::{Client, PersonKey};
use holdshort_server::{Purpose, Setup};

use crate::args::{Answer, Demo};
use crate::connect::login_name;
use crate::output::{BOLD, DIM, Stop, at_terminal, say, styled};
use agent::Agent;
use decider::Decider;
use place::Place;
use server::Supervised;

/// The agent's name.
const AGENT: &str = "fleet-janitor";
/// The machine that answers for `--decide`.
const MACHINE: &str = "demo --decide";
/// The task the agent was given.
const GOAL: &str = "Find idle instances and clean them up";
/// The seed, unless one is given.
const SEED: u64 = 34;

pub(crate) async fn run(args: Demo) -> Result<(), Stop> {
    let place = match args.resume {
        true => Place::find(args.dir.as_deref())?,
        false => Place::make(args.dir.as_deref(), args.seed.unwrap_or(SEED))?,
    };
    opening(&place, args.resume)?;
    let setup = Setup::open(&place.gate(), Purpose::Demo).await?;
    let person = setup.person(&login_name()).await?;
    let server = Supervised::start(&place).await?;
    let base = server.address();
    let reader = Client::new(&base, setup.reading_token(person).await?.as_str())?;
    let reader = reader.patient(server::PATIENCE);
    let decider = match args.decide {
        Some(Answer::Wait) => Decider::parks(),
        Some(answer) => {
            let machine = Client::new(&base, setup.machine_token(MACHINE).await?.as_str())?;
            Decider::answers(answer, machine.patient(server::PATIENCE))
        }
        None if at_terminal() => {
            let seed: [u8; 32] = holdshort_server::random().map_err(|e| Stop::failed(&e))?;
            let public = holdshort_sdk::public_bytes(&seed);
            let id = setup.enrol_sitting(person, public).await?;
            let link = setup.invite(person, &base).await?;
            say(format!(
                "Decide here, or in the browser (this link works once):\n  {}\n",
                styled(BOLD, &link.link)
            ));
            Decider::asks(reader.clone(), PersonKey::new(id, &seed))
        }
        None => Decider::parks(),
    };
    let token = setup.agent_token(AGENT).await?;
    let client = Client::new(&base, token.as_str())?.patient(server::PATIENCE);
    let mut agent = Agent::new(&place, client, decider)?;
    let finished = agent.work().await?;
    ending::tell(&place, &reader, &agent, finished, args.json).await?;
    server.stop().await;
    Ok(())
}

fn opening(place: &Place, resumed: bool) -> Result<(), Stop> {
    let fleet = fleet::Fleet::open(&place.fleet())?;
    let (all, idle) = fleet.size()?;
    say(styled(BOLD, if resumed { "Going on where it stopped." } else { "Holdshort demo" }));
    say(format!("Scratch directory: {}", place.root().display()));
    say(format!("A fleet of {all} instances, {idle} of them idle. The task: \"{GOAL}\"."));
    say(styled(DIM, "The agent works on its own until it comes to something it may not decide.\n"));
    Ok(())
}
