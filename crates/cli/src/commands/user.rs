//! `holdshort user`: people.

use std::path::Path;

use holdshort_sdk::Method;
use holdshort_sdk::api::{self, Enrolment, InvitePerson, PersonInvited};

use crate::args::{Mode, User};
use crate::connect::{PERSON_TOKEN, client};
use crate::output::{self, Stop, data, say};
use crate::person;

pub(crate) async fn run(dir: &Path, user: User) -> Result<(), Stop> {
    let client = client(dir, PERSON_TOKEN).await?;
    match user {
        User::Add { name, mode } => {
            let mode = mode.map(|mode| match mode {
                Mode::Personal => api::Mode::Personal,
                Mode::Team => api::Mode::Team,
            });
            let key = person::unlock(&client).await?;
            let body = InvitePerson { name, mode };
            let invited: PersonInvited =
                client.signed(&key, (Method::POST, "/v1/people"), Some(&body)).await?;
            say(format!("{} signs in with this link, once, in ten minutes:", invited.person.name));
            data(invited.enrolment.link);
        }
        User::Link => {
            let key = person::unlock(&client).await?;
            let link: Enrolment =
                client.signed(&key, (Method::POST, "/v1/enrolments"), None::<&()>).await?;
            say("Works once, for ten minutes:");
            data(link.link);
        }
        User::List { json } => {
            let people = client.people().await?;
            if json {
                return output::json(&people);
            }
            for person in people {
                let off = if person.disabled { " (disabled)" } else { "" };
                let surfaces: Vec<&str> = person
                    .surfaces
                    .iter()
                    .map(|surface| match surface {
                        api::Surface::Browser => "browser",
                        api::Surface::Terminal => "terminal",
                    })
                    .collect();
                data(format!("{}{off}  {}", person.name, surfaces.join(", ")));
            }
        }
    }
    Ok(())
}
