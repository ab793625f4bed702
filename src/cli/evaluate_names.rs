//! `panoh evaluate names`: matches real names, typed by volunteers, and compares with what a person says they mean. How
//! names are matched and what is counted is for `domain::naming`; no database is opened.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::domain::naming::evaluate::{Case, Figures, measure};
use crate::domain::naming::{Matcher, THRESHOLD};

#[derive(Args)]
pub struct NamesArgs {
    /// The names with the volunteers' categories (CSV: supply_id, supply_name, category_id, category_name). Beside it lie
    /// labels.csv (what a person says of a sample of them) and items_pt.csv (the catalogue in their language)
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum NamesError {
    #[error("{}: {source}", path.display())]
    Table { path: PathBuf, source: csv::Error },
    #[error("labels.csv: {id} is not `{name}` in the table of names")]
    Mislabelled { id: u32, name: String },
    #[error("cannot print: {0}")]
    Print(#[from] io::Error),
}

#[derive(Debug, Deserialize)]
struct Supply {
    supply_id: u32,
    supply_name: String,
    category_id: u32,
}

#[derive(Debug, Deserialize)]
struct Label {
    supply_id: u32,
    supply_name: String,
    category_id: u32,
    /// Code of an item of the catalogue; blank if it has none for this.
    item: String,
}

#[derive(Debug, Deserialize)]
struct Named {
    item: String,
    name: String,
}

#[derive(Debug, Serialize)]
struct Account {
    names: usize,
    categories: usize,
    labelled: usize,
    /// Of the labelled names, those whose volunteers chose the category that the person says.
    volunteers_right: usize,
    threshold: u16,
    by_category: Rates,
    by_item: Rates,
}

/// Per mille, with what they were worked out from.
#[derive(Debug, Serialize)]
struct Rates {
    precision: usize,
    recall: usize,
    coverage: usize,
    #[serde(flatten)]
    figures: Figures,
}

impl From<Figures> for Rates {
    fn from(figures: Figures) -> Self {
        Self {
            precision: figures.precision(),
            recall: figures.recall(),
            coverage: figures.coverage(),
            figures,
        }
    }
}

/// # Errors
/// When a table cannot be read, or the labels are not of these names.
pub fn run(args: &NamesArgs) -> Result<(), NamesError> {
    let account = evaluate(&args.data)?;
    let mut out = io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &account).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        in_words(&mut out, &account)?;
    }
    Ok(out.flush()?)
}

fn rows<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Vec<T>, NamesError> {
    let told = |source| NamesError::Table {
        path: path.to_owned(),
        source,
    };
    let mut table = csv::Reader::from_path(path).map_err(told)?;
    table.deserialize().collect::<Result<_, _>>().map_err(told)
}

fn evaluate(data: &Path) -> Result<Account, NamesError> {
    let supplies: Vec<Supply> = rows(data)?;
    let labels: Vec<Label> = rows(&data.with_file_name("labels.csv"))?;
    let items: Vec<Named> = rows(&data.with_file_name("items_pt.csv"))?;
    let by_id: BTreeMap<u32, &Supply> = supplies.iter().map(|row| (row.supply_id, row)).collect();
    let mut volunteers_right = 0;
    for label in &labels {
        let told = by_id
            .get(&label.supply_id)
            .filter(|row| row.supply_name == label.supply_name);
        let Some(told) = told else {
            let (id, name) = (label.supply_id, label.supply_name.clone());
            return Err(NamesError::Mislabelled { id, name });
        };
        volunteers_right += usize::from(told.category_id == label.category_id);
    }
    let sampled: HashSet<u32> = labels.iter().map(|label| label.supply_id).collect();
    // The other names stand for confirmed spellings, under whatever category their volunteers chose.
    let others = supplies.iter().filter(|row| !sampled.contains(&row.supply_id));
    let others: Vec<(String, &str)> = others
        .map(|row| (row.category_id.to_string(), row.supply_name.as_str()))
        .collect();
    let categories = Matcher::new(others.iter().map(|(category, name)| (category.as_str(), *name)));
    let catalogue = Matcher::new(items.iter().map(|row| (row.item.as_str(), row.name.as_str())));
    let cases = |means: fn(&Label) -> Option<String>| -> Vec<Case> {
        let case = |label: &Label| Case {
            name: label.supply_name.clone(),
            means: means(label),
        };
        labels.iter().map(case).collect()
    };
    let by_category = cases(|label| Some(label.category_id.to_string()));
    let by_item = cases(|label| Some(label.item.clone()).filter(|item| !item.is_empty()));
    let chosen: HashSet<u32> = supplies.iter().map(|row| row.category_id).collect();
    Ok(Account {
        names: supplies.len(),
        categories: chosen.len(),
        labelled: labels.len(),
        volunteers_right,
        threshold: THRESHOLD,
        by_category: measure(&categories, &by_category, THRESHOLD).into(),
        by_item: measure(&catalogue, &by_item, THRESHOLD).into(),
    })
}

fn percent(per_mille: usize) -> String {
    format!("{}.{} %", per_mille / 10, per_mille % 10)
}

fn in_words(out: &mut impl Write, account: &Account) -> io::Result<()> {
    let Account {
        names,
        categories,
        labelled,
        ..
    } = account;
    writeln!(
        out,
        "{names} names in {categories} categories; {labelled} labelled by hand"
    )?;
    let share = percent(account.volunteers_right * 1000 / labelled.max(&1));
    writeln!(
        out,
        "the volunteers' own category is right for {} ({share})",
        account.volunteers_right
    )?;
    writeln!(
        out,
        "proposals from a likeness of {} thousandths on\n",
        account.threshold
    )?;
    writeln!(out, "{:<52}  precision  recall  coverage  right  among 3  answered", "")?;
    let mut line = |what: &str, rates: &Rates| {
        let Figures {
            right, among, answered, ..
        } = rates.figures;
        let (precision, recall, coverage) = (percent(rates.precision), percent(rates.recall), percent(rates.coverage));
        writeln!(
            out,
            "{what:<52}  {precision:>9}  {recall:>6}  {coverage:>8}  {right:>5}  {among:>7}  {answered:>8}"
        )
    };
    let others = names - labelled;
    line(
        &format!("category, by the other {others} names as they stand"),
        &account.by_category,
    )?;
    let known = account.by_item.figures.known;
    line(
        &format!("item of the catalogue; {known} of them name one"),
        &account.by_item,
    )
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    fn data() -> PathBuf {
        PathBuf::from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/data/samples/sosrs_brazil/supplies.csv"
        ))
    }

    /// The sample is drawn, not chosen: the first 200 in the order of a hash of their ids.
    #[test]
    fn the_labelled_names_are_a_seeded_sample() {
        let supplies: Vec<Supply> = rows(&data()).unwrap();
        let mut ids: Vec<u32> = supplies.iter().map(|row| row.supply_id).collect();
        ids.sort_by_key(|id| Sha256::digest(format!("names:{id}")).to_vec());
        ids.truncate(200);
        let labels: Vec<Label> = rows(&data().with_file_name("labels.csv")).unwrap();
        assert_eq!(labels.iter().map(|label| label.supply_id).collect::<Vec<_>>(), ids);
    }

    /// Floors a little below what was measured when the labels were written.
    #[test]
    fn names_are_matched_as_well_as_they_were() {
        let account = evaluate(&data()).unwrap();
        assert_eq!((account.names, account.categories, account.labelled), (1755, 18, 200));
        let (category, item) = (&account.by_category, &account.by_item);
        assert!(category.precision >= 710, "{category:?}");
        assert!(category.recall >= 540, "{category:?}");
        assert!(category.coverage >= 740, "{category:?}");
        assert!(item.precision >= 720, "{item:?}");
        assert!(item.recall >= 620, "{item:?}");
        // As sure as the volunteers were whose names it goes by: it adds no doubt of its own.
        assert!(
            category.precision * account.labelled >= account.volunteers_right * 1000,
            "{category:?}"
        );
    }

    #[test]
    fn every_label_is_an_item_of_the_pack_or_none() {
        let pack = crate::pack::load(None).unwrap();
        let labels: Vec<Label> = rows(&data().with_file_name("labels.csv")).unwrap();
        let named: Vec<Named> = rows(&data().with_file_name("items_pt.csv")).unwrap();
        let codes = labels.iter().map(|label| &label.item).filter(|item| !item.is_empty());
        for code in codes.chain(named.iter().map(|row| &row.item)) {
            assert!(pack.item(code).is_some(), "{code}");
        }
        assert_eq!(named.len(), pack.items.len());
    }

    #[test]
    fn labels_of_other_names_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write(
            "supplies.csv",
            "supply_id,supply_name,category_id,category_name\n1,Arroz,2,x\n",
        );
        write("labels.csv", "supply_id,supply_name,category_id,item\n1,Sal,2,salt\n");
        write("items_pt.csv", "item,name\nsalt,Sal\n");
        let told = evaluate(&folder.path().join("supplies.csv")).unwrap_err();
        assert_eq!(told.to_string(), "labels.csv: 1 is not `Sal` in the table of names");
    }
}
