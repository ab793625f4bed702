//! Sums of what transfers promise and carry, by shelter and item, and of what they have done for requests.

use super::*;

/// Units of an item that are to come to a shelter or to leave it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OnTheWay {
    /// On their way to here.
    pub coming: i64,
    /// Approved and not yet sent to here.
    pub expected: i64,
    /// Approved and not yet sent from here.
    pub promised: i64,
}

#[derive(FromQueryResult)]
struct Awaited {
    from_shelter: Uuid,
    to_shelter: Uuid,
    item: String,
    quantity: i64,
    dispatched: Option<i64>,
}

/// What is promised or on its way, by shelter and item, of all shelters or at these. One statement however many.
pub async fn on_the_way(
    db: &impl Reads,
    which: Which<'_>,
) -> Result<BTreeMap<(ShelterId, String), OnTheWay>, StoreError> {
    let scope = match which {
        Which::All => ShelterScope::All,
        Which::Ids(ids) => ShelterScope::Only(ids.to_vec()),
    };
    let rows: Vec<Awaited> = transfer_line::Entity::find()
        .select_only()
        .columns([transfer::Column::FromShelter, transfer::Column::ToShelter])
        .columns([transfer_line::Column::Item, transfer_line::Column::Quantity])
        .column(transfer_line::Column::Dispatched)
        .join(JoinType::InnerJoin, transfer_line::Relation::Transfer.def())
        .filter(awaited())
        .filter(within(&scope))
        .into_model()
        .all(db.connection())
        .await?;
    let mut all: BTreeMap<(ShelterId, String), OnTheWay> = BTreeMap::new();
    for row in rows {
        let (from, to) = (ShelterId(row.from_shelter), ShelterId(row.to_shelter));
        if scope.covers(from) && row.dispatched.is_none() {
            all.entry((from, row.item.clone())).or_default().promised += row.quantity;
        }
        if scope.covers(to) {
            let there = all.entry((to, row.item)).or_default();
            match row.dispatched {
                Some(units) => there.coming += units,
                None => there.expected += row.quantity,
            }
        }
    }
    Ok(all)
}

/// What transfers have done for these requests: approved or sent and awaited, and received.
pub async fn answered(
    db: &impl Reads,
    ids: &[SupplyRequestId],
) -> Result<HashMap<SupplyRequestId, Answered>, StoreError> {
    #[derive(FromQueryResult)]
    struct Part {
        request_id: Uuid,
        state: String,
        units: i64,
    }
    use transfer_line::Column;
    // What arrived, else what was sent, else what was agreed; PostgreSQL sums 64-bit integers to its decimals.
    let units = Func::coalesce([
        Expr::col((transfer_line::Entity, Column::Received)),
        Expr::col((transfer_line::Entity, Column::Dispatched)),
        Expr::col((transfer_line::Entity, Column::Quantity)),
    ]);
    let rows: Vec<Part> = transfer_line::Entity::find()
        .select_only()
        .column(Column::RequestId)
        .column(transfer::Column::State)
        .column_as(Expr::from(units).sum().cast_as("bigint"), "units")
        .join(JoinType::InnerJoin, transfer_line::Relation::Transfer.def())
        .filter(Column::RequestId.is_in(ids.iter().map(|id| id.0)))
        .group_by(Column::RequestId)
        .group_by(transfer::Column::State)
        .into_model()
        .all(db.connection())
        .await?;
    let mut all: HashMap<SupplyRequestId, Answered> = HashMap::new();
    for row in rows {
        let of = all.entry(row.request_id.into()).or_default();
        match code("transfer", "state", &row.state)? {
            TransferState::Approved | TransferState::Dispatched => of.promised += row.units,
            TransferState::Received => of.received += row.units,
            TransferState::Proposed | TransferState::Cancelled => {}
        }
    }
    Ok(all)
}
