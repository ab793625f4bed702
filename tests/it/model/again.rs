//! The same request a second time: one effect, one answer.

use panoh::services::once::Once;

use super::goods::print_moved;
use super::land::{asking, only, print_hold, print_referral, word};
use super::world::{Answered, World, key_of};

impl World {
    /// Sends the last request with a key again: the same answer and nothing changed; another body is refused.
    pub async fn again(&mut self) {
        let Some(answered) = self.answered.take() else { return };
        let services = &self.land.services;
        let (same, differs, answer) = match &answered {
            Answered::Report {
                shelter,
                key,
                draft,
                answer,
            } => {
                let manager = self.land.manager_of(*shelter);
                let once = |key| Once {
                    key: Some(key),
                    print: super::land::print_receipt,
                };
                (
                    services
                        .report(manager, *shelter, (**draft).clone(), once(key_of(*key, b"body")))
                        .await,
                    services
                        .report(
                            manager,
                            *shelter,
                            (**draft).clone(),
                            once(key_of(*key, b"another body")),
                        )
                        .await,
                    answer,
                )
            }
            Answered::Hold {
                officer,
                case,
                shelter,
                from_date,
                key,
                answer,
            } => {
                let (actor, id) = (&self.land.officers[*officer], self.truth.cases[*case].id);
                let once = |key| Once {
                    key: Some(key),
                    print: print_hold,
                };
                (
                    services
                        .ask(
                            actor,
                            id,
                            asking(*shelter, *from_date),
                            once(key_of(*key, b"body")),
                            only,
                        )
                        .await,
                    services
                        .ask(
                            actor,
                            id,
                            asking(*shelter, *from_date),
                            once(key_of(*key, b"another body")),
                            only,
                        )
                        .await,
                    answer,
                )
            }
            Answered::Booking {
                shelter,
                key,
                body,
                answer,
            } => {
                let manager = self.land.manager_of(*shelter);
                let once = |key| Once {
                    key: Some(key),
                    print: print_moved,
                };
                (
                    services
                        .book_stock(manager, *shelter, body, once(key_of(*key, b"body")))
                        .await,
                    services
                        .book_stock(manager, *shelter, body, once(key_of(*key, b"another body")))
                        .await,
                    answer,
                )
            }
            Answered::Referral {
                officer,
                key,
                search,
                answer,
            } => {
                let actor = &self.land.officers[*officer];
                let once = |key| Once {
                    key: Some(key),
                    print: print_referral,
                };
                (
                    services
                        .refer(actor, (**search).clone(), once(key_of(*key, b"body")))
                        .await,
                    services
                        .refer(actor, (**search).clone(), once(key_of(*key, b"another body")))
                        .await,
                    answer,
                )
            }
        };
        assert_eq!(&same.unwrap(), answer, "the answer of the first time");
        assert_eq!(word(&differs.unwrap_err()), "key_reused");
        self.note("the same again");
        self.answered = Some(answered);
    }
}
