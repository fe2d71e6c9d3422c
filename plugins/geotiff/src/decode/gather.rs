//! From rows of native samples to the rectangle that is wanted.

use super::layout::Layout;
use super::vectorized::vectorized;
use rasteret_schema::TileRequest;

vectorized! {
    /// Copies the wanted columns and samples of the wanted rows, once they are transformed, to the
    /// output. `native` is for a row of native samples.
    fn rows(
        rows: &mut [u8],
        native: &mut [u8],
        layout: &Layout<'_>,
        request: &TileRequest<'_>,
        out: &mut [u8],
    ) {
        for (index, row) in rows.chunks_exact_mut(layout.tile.row_len).enumerate() {
            gather(layout.transform.apply(row, native), layout, request, index, out);
        }
    }
}

/// Copies what is wanted of a row to the output, where it is the row number `index`.
#[inline(always)]
fn gather(row: &[u8], layout: &Layout<'_>, request: &TileRequest<'_>, index: usize, out: &mut [u8]) {
    let (size, stride) = (layout.sample_size, usize::from(layout.tile.samples));
    let out_row_len = request.columns.len() * size;
    let out_plane_len = request.rows.len() * out_row_len;
    let pixel_len = stride * size;
    let pixels = &row[request.columns.start as usize * pixel_len..request.columns.end as usize * pixel_len];
    for (plane, sample) in request.samples.iter().enumerate() {
        let out = &mut out[plane * out_plane_len + index * out_row_len..][..out_row_len];
        let sample = usize::from(*sample);
        match (stride, size) {
            (1, _) => out.copy_from_slice(pixels),
            (_, 1) => pick::<1>(pixels, stride, sample, out),
            (_, 2) => pick::<2>(pixels, stride, sample, out),
            (_, 4) => pick::<4>(pixels, stride, sample, out),
            _ => pick::<8>(pixels, stride, sample, out),
        }
    }
}

#[inline(always)]
fn pick<const N: usize>(pixels: &[u8], stride: usize, sample: usize, out: &mut [u8]) {
    let (samples, out) = (pixels.as_chunks::<N>().0, out.as_chunks_mut::<N>().0);
    match stride {
        2 => pick_of::<N, 2>(samples, sample, out),
        3 => pick_of::<N, 3>(samples, sample, out),
        4 => pick_of::<N, 4>(samples, sample, out),
        _ => {
            for (out, pixel) in out.iter_mut().zip(samples.chunks_exact(stride)) {
                *out = pixel[sample];
            }
        }
    }
}

#[inline(always)]
fn pick_of<const N: usize, const STRIDE: usize>(samples: &[[u8; N]], sample: usize, out: &mut [[u8; N]]) {
    for (out, pixel) in out.iter_mut().zip(samples.as_chunks::<STRIDE>().0) {
        *out = pixel[sample];
    }
}
