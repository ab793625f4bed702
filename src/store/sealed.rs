//! What is sealed, in whichever table: ciphertext in, ciphertext out. Every table that has sealed rows stands in [`Place`],
//! or its rows are lost when a key goes; a test compares it with the schema.

use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query};
use sea_orm::{ConnectionTrait, DbErr, QueryResult};
use uuid::Uuid;

use super::{Reads, StoreError, Tx};

/// A sealed text, and under which key it was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    pub key_id: String,
    pub nonce: Vec<u8>,
    pub ciphertext: Vec<u8>,
}

/// A table with sealed rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::EnumIter)]
pub enum Place {
    /// Addresses and contacts of shelters.
    Confidential,
    /// Telephones' numbers.
    Phone,
    /// Where browsers are written to.
    Browser,
    /// Second factors.
    Factor,
}

/// Its columns: the id that a row is sealed to, the sealed text, and the hash by which a row is found, if it has one.
struct Columns {
    table: &'static str,
    id: &'static str,
    ciphertext: &'static str,
    lookup: Option<&'static str>,
}

impl Place {
    fn columns(self) -> Columns {
        let (table, id, ciphertext, lookup) = match self {
            Self::Confidential => ("shelter_confidential", "shelter_id", "ciphertext", None),
            Self::Phone => ("phone", "id", "number", Some("number_hash")),
            Self::Browser => ("push_subscription", "id", "subscription", Some("endpoint_hash")),
            Self::Factor => ("factor", "id", "ciphertext", Some("lookup")),
        };
        Columns {
            table,
            id,
            ciphertext,
            lookup,
        }
    }

    pub fn table(self) -> &'static str {
        self.columns().table
    }
}

/// A sealed row.
pub struct SealedRow {
    pub id: Uuid,
    pub sealed: Sealed,
    /// Whether it is found by a hash of what is sealed.
    pub has_lookup: bool,
}

/// Rows that are sealed under another key than this, with their locks; at most `most`.
pub async fn under_others(tx: &Tx, place: Place, key_id: &str, most: u64) -> Result<Vec<SealedRow>, StoreError> {
    let columns = place.columns();
    let mut select = Query::select()
        .columns([columns.id, "key_id", "nonce", columns.ciphertext].map(Alias::new))
        .from(Alias::new(columns.table))
        // A telephone that is not connected yet has no number.
        .and_where(Expr::col(Alias::new("key_id")).ne(key_id))
        .order_by(Alias::new(columns.id), sea_orm::Order::Asc)
        .limit(most)
        .lock(sea_orm::sea_query::LockType::Update)
        .to_owned();
    if let Some(lookup) = columns.lookup {
        select.column(Alias::new(lookup));
    }
    let rows = tx.connection().query_all(&select).await?;
    let typed = |row: QueryResult| -> Result<SealedRow, DbErr> {
        let lookup: Option<String> = match columns.lookup {
            Some(lookup) => row.try_get("", lookup)?,
            None => None,
        };
        Ok(SealedRow {
            id: row.try_get("", columns.id)?,
            sealed: Sealed {
                key_id: row.try_get("", "key_id")?,
                nonce: row.try_get("", "nonce")?,
                ciphertext: row.try_get("", columns.ciphertext)?,
            },
            has_lookup: lookup.is_some(),
        })
    };
    Ok(rows.into_iter().map(typed).collect::<Result<_, _>>()?)
}

/// Writes a row anew, with the hash by which it is found from now on, if it has one.
pub async fn replace(
    tx: &Tx,
    place: Place,
    id: Uuid,
    sealed: Sealed,
    new_lookup: Option<String>,
) -> Result<(), StoreError> {
    let columns = place.columns();
    let mut update = Query::update()
        .table(Alias::new(columns.table))
        .value(Alias::new("key_id"), sealed.key_id)
        .value(Alias::new("nonce"), sealed.nonce)
        .value(Alias::new(columns.ciphertext), sealed.ciphertext)
        .and_where(Expr::col(Alias::new(columns.id)).eq(id))
        .to_owned();
    if let (Some(lookup), Some(hash)) = (columns.lookup, new_lookup) {
        update.value(Alias::new(lookup), hash);
    }
    tx.connection().execute(&update).await?;
    Ok(())
}

/// How many rows are sealed under each key.
pub async fn count(db: &impl Reads, place: Place) -> Result<Vec<(String, u64)>, StoreError> {
    let columns = place.columns();
    let select = Query::select()
        .column(Alias::new("key_id"))
        .expr_as(Expr::col(Alias::new(columns.id)).count(), Alias::new("n"))
        .from(Alias::new(columns.table))
        .and_where(Expr::col(Alias::new("key_id")).is_not_null())
        .group_by_col(Alias::new("key_id"))
        .order_by(Alias::new("key_id"), sea_orm::Order::Asc)
        .to_owned();
    let rows = db.connection().query_all(&select).await?;
    let typed = |row: QueryResult| -> Result<(String, u64), DbErr> {
        let n: i64 = row.try_get("", "n")?;
        Ok((row.try_get("", "key_id")?, u64::try_from(n).unwrap_or(0)))
    };
    Ok(rows.into_iter().map(typed).collect::<Result<_, _>>()?)
}
