//! The companion files of a table that say what shelters lack: read, joined and told in the report. They are not
//! stored: what a shelter asks for is not what it has on hand, and a count made up from it would be a lie in the
//! stock. (Supply requests come with the supplies.)

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read};

use super::super::Services;
use super::super::errors::Refused;
use super::unreadable;
use crate::domain::occupancy::{Items, Map, MapError, NeedRow, NeedsMap, NeedsReport, line_offset};
use crate::store::shelters::{self, Which};

impl Services {
    /// Reads what shelters need. `None` where the map has no needs.
    ///
    /// # Errors
    /// `Invalid` naming the column a file lacks; `Unexpected` when a file cannot be read.
    pub async fn read_needs(
        &self,
        map: &Map,
        items: impl Read,
        needs: impl Read,
    ) -> Result<Option<NeedsReport>, Refused> {
        let Some(words) = &map.needs else { return Ok(None) };
        let all = shelters::list(&self.store, &crate::domain::accounts::ShelterScope::All, Which::All).await?;
        let codes: HashSet<String> = all.into_iter().map(|row| row.code).collect();
        let items = items_of(words, items)?;
        let (mut table, offset) = open(needs)?;
        let header = words.header(&headers(&mut table)?).map_err(|fault| missing(&fault))?;
        let mut report = NeedsReport::default();
        let mut record = csv::StringRecord::new();
        while table.read_record(&mut record).map_err(unreadable)? {
            let line = record.position().map_or(0, |at| at.line() + offset);
            report.take(line, words.row(&items, &header, &record), |need: &NeedRow| {
                codes.contains(&need.shelter_code)
            });
        }
        Ok(Some(report.finished()))
    }
}

fn items_of(words: &NeedsMap, source: impl Read) -> Result<Items, Refused> {
    let (mut table, _) = open(source)?;
    let header = words
        .items_header(&headers(&mut table)?)
        .map_err(|fault| missing(&fault))?;
    let mut items = Items::default();
    let mut record = csv::StringRecord::new();
    while table.read_record(&mut record).map_err(unreadable)? {
        words.item(&mut items, &header, &record);
    }
    Ok(items)
}

fn open<R: Read>(source: R) -> Result<(csv::Reader<BufReader<R>>, u64), Refused> {
    let mut source = BufReader::with_capacity(1 << 16, source);
    let offset = line_offset(source.fill_buf().map_err(unreadable)?);
    Ok((csv::ReaderBuilder::new().flexible(true).from_reader(source), offset))
}

fn headers<R: Read>(table: &mut csv::Reader<R>) -> Result<csv::StringRecord, Refused> {
    Ok(table.headers().map_err(unreadable)?.clone())
}

fn missing(fault: &MapError) -> Refused {
    Refused::invalid(fault.key.clone(), "missing_column", fault.to_string())
}
