//! What must be true of the books, while people work and when all is quiet.

use super::*;

/// The books at one moment in the middle of it all: nothing negative, each shelf as derived, nothing lost on the way.
pub(super) async fn look(node: &Services) {
    match node.supply_balance(None, None).await {
        Ok(balance) => {
            for row in &balance.items {
                assert!(row.closes() && row.opening >= 0 && row.closing >= 0, "{row:?}");
                assert!(row.in_transit_closing >= 0 && row.missing_in_transit >= 0, "{row:?}");
            }
        }
        Err(trouble) => assert!(is_of_the_line(&trouble), "{trouble:?}"),
    }
    match node.check().await {
        Ok(checks) => {
            let of_stock = [
                "stock_is_never_negative",
                "stock_follows_counts_and_movements",
                "transfers_are_conserved",
            ];
            for check in checks.iter().filter(|check| of_stock.contains(&check.name)) {
                assert_eq!(check.broken, 0, "{check:?}");
            }
        }
        Err(trouble) => assert!(is_of_the_line(&trouble), "{trouble:?}"),
    }
}

/// Every shelf of an item that nobody counts holds what was answered, sent and received.
pub(super) async fn add_up(node: &Services, scene: &Scene) {
    let mut ought: BTreeMap<(ShelterId, String), i64> = BTreeMap::new();
    for shelter in &scene.shelters {
        for item in EXACT {
            ought.insert((*shelter, item.to_owned()), AT_FIRST);
        }
    }
    let booked = scene.booked.lock().unwrap().clone();
    for (place, change) in booked {
        ought.entry(place).and_modify(|units| *units += change);
    }
    let (mut before, mut states) = (None, BTreeMap::new());
    loop {
        let page = node.transfers(&scene.admin, &[], before, 50).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.transfer.id);
        for view in &page {
            let transfer = &view.transfer;
            *states.entry(transfer.state().to_string()).or_insert(0) += 1;
            let back = transfer.state() == TransferState::Cancelled;
            for line in &transfer.lines {
                let Some(sent) = line.sent.as_ref().filter(|_| !back) else {
                    continue;
                };
                let donor = (transfer.from, line.item.clone());
                ought.entry(donor).and_modify(|units| *units -= sent.units);
                let arrived = sent.arrived.map_or(0, |arrived| arrived.units);
                let recipient = (transfer.to, line.item.clone());
                ought.entry(recipient).and_modify(|units| *units += arrived);
            }
        }
    }
    assert_eq!(
        states.values().sum::<usize>(),
        scene.transfers.lock().unwrap().len(),
        "each proposed once"
    );
    for ((shelter, item), ought) in ought {
        let rows = node.stock(&scene.admin, shelter).await.unwrap();
        let row = rows.iter().find(|row| row.stock.item == item).unwrap();
        assert_eq!(row.stock.on_hand, ought, "{item} in {shelter}");
        assert!(ought >= 0);
    }
    eprintln!("  transfers {states:?}; cut off {} times", scene.cut.lock().unwrap());
}
