//! Rectangles of whole pixels.

/// A rectangle of pixels: `width` columns from `column`, `height` rows from `row`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Window {
    /// First column.
    pub column: u32,
    /// First row.
    pub row: u32,
    /// Number of columns.
    pub width: u32,
    /// Number of rows.
    pub height: u32,
}

impl Window {
    /// A window from its first pixel and size.
    pub const fn new(column: u32, row: u32, width: u32, height: u32) -> Self {
        Window { column, row, width, height }
    }

    /// One past the last column.
    pub const fn column_end(&self) -> u32 {
        self.column.saturating_add(self.width)
    }

    /// One past the last row.
    pub const fn row_end(&self) -> u32 {
        self.row.saturating_add(self.height)
    }

    /// Number of pixels.
    pub const fn pixels(&self) -> u64 {
        self.width as u64 * self.height as u64
    }

    /// The pixels that both windows have, `None` where there are none.
    pub fn intersection(&self, other: &Window) -> Option<Window> {
        let column = self.column.max(other.column);
        let row = self.row.max(other.row);
        let width = self.column_end().min(other.column_end()).checked_sub(column)?;
        let height = self.row_end().min(other.row_end()).checked_sub(row)?;
        (width > 0 && height > 0).then_some(Window { column, row, width, height })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intersections() {
        let window = Window::new(10, 20, 30, 40);
        assert_eq!(window.intersection(&Window::new(0, 0, 15, 25)), Some(Window::new(10, 20, 5, 5)));
        assert_eq!(window.intersection(&Window::new(40, 20, 5, 5)), None);
    }
}
