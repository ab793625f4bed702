//! A table of numbers by shelter and item, or by two shelters. A cell outside it reads as nothing and is never written.
//! It must not know what the numbers mean.

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grid {
    width: usize,
    cells: Vec<i64>,
}

impl Grid {
    pub fn new(height: usize, width: usize) -> Self {
        Self {
            width,
            cells: vec![0; height * width],
        }
    }

    pub fn at(&self, row: usize, column: usize) -> i64 {
        self.cells.get(row * self.width + column).copied().unwrap_or(0)
    }

    pub fn add(&mut self, row: usize, column: usize, by: i64) {
        if let Some(cell) = self.cells.get_mut(row * self.width + column) {
            *cell += by;
        }
    }

    pub fn row(&self, row: usize) -> &[i64] {
        let start = row * self.width;
        self.cells.get(start..start + self.width).unwrap_or_default()
    }

    pub fn put(&mut self, row: usize, column: usize, value: i64) {
        if let Some(cell) = self.cells.get_mut(row * self.width + column) {
            *cell = value;
        }
    }

    pub fn cells(&self) -> impl Iterator<Item = i64> {
        self.cells.iter().copied()
    }

    pub fn cells_mut(&mut self) -> impl Iterator<Item = &mut i64> {
        self.cells.iter_mut()
    }
}
