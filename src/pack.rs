//! Where the country pack comes from: the one inside the program, or a folder that the configuration names. What a
//! pack means is `domain::geography`'s business. Nothing is read from the working directory.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::domain::geography::{Pack, PackError, PackFile, PackFiles};

/// The largest file a pack may have; more is a mistake.
const MOST_BYTES: u64 = 32 * 1024 * 1024;

/// The pack inside the program.
const EMBEDDED: PackFiles<'static> = PackFiles {
    pack_toml: include_str!("../data/packs/tj/pack.toml"),
    areas: include_str!("../data/packs/tj/areas.csv"),
    regions_geojson: include_str!("../data/packs/tj/regions.geojson"),
    roads: include_str!("../data/packs/tj/roads.csv"),
    items: include_str!("../data/packs/tj/items.csv"),
    kits: include_str!("../data/packs/tj/kits.csv"),
    old_names: include_str!("../data/packs/tj/old_names.csv"),
};

#[derive(Debug, Error)]
pub enum LoadError {
    #[error("the folder of the country pack must be a whole path, from the root on: {}", .0.display())]
    NotAbsolute(PathBuf),
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{} has more than {MOST_BYTES} bytes", .0.display())]
    TooLarge(PathBuf),
    #[error("the country pack is refused: {0}")]
    Refused(#[from] PackError),
}

/// Loads the pack of `folder`, or the embedded one.
///
/// # Errors
/// If a file cannot be read, or the pack is faulty; the message names file, line and column.
pub fn load(folder: Option<&Path>) -> Result<Pack, LoadError> {
    match folder {
        Some(folder) => from_folder(folder),
        None => Ok(Pack::parse(&EMBEDDED)?),
    }
}

fn from_folder(folder: &Path) -> Result<Pack, LoadError> {
    if !folder.is_absolute() {
        return Err(LoadError::NotAbsolute(folder.to_owned()));
    }
    let read = |file: PackFile| {
        let path = folder.join(<&str>::from(file));
        let unreadable = |source| LoadError::Unreadable {
            path: path.clone(),
            source,
        };
        if std::fs::metadata(&path).map_err(unreadable)?.len() > MOST_BYTES {
            return Err(LoadError::TooLarge(path));
        }
        std::fs::read_to_string(&path).map_err(|source| LoadError::Unreadable {
            path: path.clone(),
            source,
        })
    };
    let (pack_toml, areas) = (read(PackFile::Settings)?, read(PackFile::Areas)?);
    let (regions_geojson, roads, items) = (read(PackFile::Shapes)?, read(PackFile::Roads)?, read(PackFile::Items)?);
    let (kits, old_names) = (read(PackFile::Kits)?, read(PackFile::OldNames)?);
    Ok(Pack::parse(&PackFiles {
        pack_toml: &pack_toml,
        areas: &areas,
        regions_geojson: &regions_geojson,
        roads: &roads,
        items: &items,
        kits: &kits,
        old_names: &old_names,
    })?)
}

#[cfg(test)]
mod tests;
