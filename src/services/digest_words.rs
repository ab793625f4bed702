//! The words of a digest: printed in a language, put away with it, taken out again for a letter or a file; and what one
//! would say now, or would have said on a day past. When one is made and who gets it is `digests`' business.

use chrono::NaiveTime;

use super::Services;
use super::digest_input::Names;
use super::digests::unwritten;
use super::errors::Refused;
use super::schedules::unreadable;
use crate::domain::accounts::Actor;
use crate::domain::approvals::Export;
use crate::domain::calendar::When;
use crate::domain::digests::{Cadence, Content, Period, Rule, Schedule, compose};
use crate::domain::id::{ApprovalId, DigestId, ScheduleId};
use crate::domain::outbox::{Attach, Part};
use crate::letters::{self, Attached, Rendered, render};
use crate::sheets::Format;
use crate::store::digests;

impl Services {
    pub(super) fn rendered(&self, content: &Content, language: &str) -> Result<Rendered, Refused> {
        let link = format!("{}/", self.link_base);
        render(content, language, &Names(&self.pack, &self.catalogue()), &link)
            .map_err(|e| Refused::Unexpected(e.to_string()))
    }

    /// What a schedule's digest would say if it were made now. Nothing is kept, nobody is written to.
    pub async fn preview(&self, schedule: ScheduleId, language: &str) -> Result<Rendered, Refused> {
        if !letters::languages().any(|known| known == language) {
            return Err(unwritten());
        }
        let row = self.schedule(schedule).await?;
        let planned = self.planned(&row).ok_or_else(unreadable)?;
        let now = self.now();
        let previous = digests::newest(&self.store, row.id).await?;
        let input = self
            .digest_input(&planned, Period::now(planned.zone, now), now, previous.as_ref())
            .await?;
        self.rendered(&compose(&input), language)
    }

    /// The digest of a past moment or day, in one language: what `panoh digest preview --at` prints.
    pub async fn preview_at(
        &self,
        when: impl Into<When>,
        region: Option<String>,
        language: &str,
    ) -> Result<(Content, Rendered), Refused> {
        let when = when.into();
        let (zone, at) = (self.pack.time_zone, self.instant(when)?);
        let schedule = Schedule {
            cadence: Cadence::Daily,
            rule: Rule::default(),
            at: NaiveTime::MIN,
            zone,
            region,
            expires_on: None,
            holidays: self.pack.holidays.clone(),
        };
        let period = Period::now(zone, at);
        let input = self.digest_input_at(&schedule, period, when).await?;
        let content = compose(&input);
        let rendered = self.rendered(&content, language)?;
        Ok((content, rendered))
    }

    /// A digest in one language with the tables that travel with it, as it is frozen.
    pub(super) fn part_of(&self, content: &Content, language: &str, attach: Attach) -> Result<Part, Refused> {
        let rendered = self.rendered(content, language)?;
        let table = |wanted: bool, format| wanted.then(|| self.table(content, language, format)).transpose();
        let csv = table(attach.csv, Format::Csv)?.map(String::from_utf8).transpose();
        Ok(Part {
            language: rendered.language,
            subject: rendered.subject,
            html: rendered.html,
            text: rendered.text,
            chart: rendered.chart_png.unwrap_or_default(),
            chart_alt: rendered.alt.unwrap_or_default(),
            csv: csv.map_err(|e| Refused::Unexpected(e.to_string()))?,
            xlsx: table(attach.xlsx, Format::Xlsx)?,
        })
    }

    /// The tables of a digest in one language.
    fn table(&self, content: &Content, language: &str, format: Format) -> Result<Vec<u8>, Refused> {
        let catalogue = self.catalogue();
        let names = Names(&self.pack, &catalogue);
        let written = match format {
            Format::Csv => letters::csv(content, language, &names),
            Format::Xlsx => letters::xlsx(content, language, &names),
        };
        written.map_err(|e| Refused::Unexpected(e.to_string()))
    }

    /// The tables of a digest: those that travelled with it, or the same made of its frozen figures.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` (`language`) where it was not written; `ApprovalNeeded` where it names shelters and the
    /// approval does not allow it.
    pub async fn exported(
        &self,
        actor: &Actor,
        (id, approval): (DigestId, Option<ApprovalId>),
        language: &str,
        format: Format,
    ) -> Result<Vec<u8>, Refused> {
        let part = self.part(id, language).await?;
        let digest = digests::digest(&self.store, id).await?.ok_or(Refused::NotFound)?;
        let content: Content = serde_json::from_str(&digest.content).map_err(|e| Refused::Unexpected(e.to_string()))?;
        if content.names_shelters() {
            self.use_export(actor, Export::Digest(id), approval).await?;
        }
        let travelled = match format {
            Format::Csv => part.csv.map(String::into_bytes),
            Format::Xlsx => part.xlsx,
        };
        if let Some(table) = travelled {
            return Ok(table);
        }
        self.table(&content, language, format)
    }
}

/// The part as it is put into a letter.
pub(super) fn rendered_of(part: Part) -> Rendered {
    let has_chart = !part.chart.is_empty();
    let csv = part.csv.map(|text| (Format::Csv, text.into_bytes()));
    let xlsx = part.xlsx.map(|bytes| (Format::Xlsx, bytes));
    Rendered {
        language: part.language,
        subject: part.subject,
        html: part.html,
        text: part.text,
        alt: has_chart.then_some(part.chart_alt),
        chart_png: has_chart.then_some(part.chart),
        files: (csv.into_iter().chain(xlsx))
            .map(|(format, bytes)| Attached { format, bytes })
            .collect(),
    }
}
