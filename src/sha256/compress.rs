//! Blocks (FIPS 180-4, 6.2.2). The schedule of the message is made four words at a time, ahead of the rounds.

use super::lanes::Lanes;

/// What is worked on together, bytes.
pub(super) const BLOCK: usize = 64;

/// FIPS 180-4, 4.2.2.
const ROUNDS: [[u32; 4]; 16] = [
    [0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5],
    [0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5],
    [0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3],
    [0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174],
    [0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc],
    [0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da],
    [0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7],
    [0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967],
    [0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13],
    [0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85],
    [0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3],
    [0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070],
    [0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5],
    [0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3],
    [0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208],
    [0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2],
];

/// The next four words of the schedule.
#[inline(always)]
fn next(first: Lanes, second: Lanes, third: Lanes, fourth: Lanes) -> Lanes {
    let small_0 = |x: Lanes| x.rotated::<7>().xor(x.rotated::<18>()).xor(x.shifted::<3>());
    let small_1 = |x: Lanes| x.rotated::<17>().xor(x.rotated::<19>()).xor(x.shifted::<10>());
    let sum = first.plus(small_0(first.one_on(second))).plus(third.one_on(fourth));
    // The last two of them hang on the first two.
    let sum = sum.plus(small_1(fourth.last_first()));
    sum.plus(small_1(sum.first_last()))
}

/// Works blocks into the state, which stays out of memory between them.
pub(super) fn compress(state: &mut [u32; 8], blocks: &[[u8; BLOCK]]) {
    let mut worked = *state;
    for block in blocks {
        worked = compressed(worked, block);
    }
    *state = worked;
}

#[allow(unused_assignments, reason = "the last round has no next")]
#[allow(clippy::many_single_char_names, reason = "the standard's names")]
#[inline(always)]
fn compressed(state: [u32; 8], block: &[u8; BLOCK]) -> [u32; 8] {
    let ([b0, b1, b2, b3, b4, b5, b6, b7], _) = block.as_chunks::<8>() else { return state };
    let mut w0 = Lanes::read(b0, b1);
    let mut w1 = Lanes::read(b2, b3);
    let mut w2 = Lanes::read(b4, b5);
    let mut w3 = Lanes::read(b6, b7);
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state;
    // What `Maj` of one round has in common with that of the next.
    let mut common = b ^ c;
    macro_rules! round {
        ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $word:expr) => {
            let big_1 = $e.rotate_right(6) ^ $e.rotate_right(11) ^ $e.rotate_right(25);
            let ch = $g ^ ($e & ($f ^ $g));
            let t1 = $h.wrapping_add($word).wrapping_add(ch).wrapping_add(big_1);
            $d = $d.wrapping_add(t1);
            let big_0 = $a.rotate_right(2) ^ $a.rotate_right(13) ^ $a.rotate_right(22);
            let differ = $a ^ $b;
            let maj = $b ^ (differ & common);
            $h = t1.wrapping_add(maj).wrapping_add(big_0);
            common = differ;
        };
    }
    macro_rules! four_rounds {
        ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $words:expr, $round:literal) => {
            let [k0, k1, k2, k3] = $words.plus(const { Lanes::of(ROUNDS[$round]) }).words();
            round!($a $b $c $d $e $f $g $h, k0);
            round!($h $a $b $c $d $e $f $g, k1);
            round!($g $h $a $b $c $d $e $f, k2);
            round!($f $g $h $a $b $c $d $e, k3);
        };
    }
    macro_rules! scheduling {
        ($r0:literal $r1:literal $r2:literal $r3:literal) => {
            four_rounds!(a b c d e f g h, w0, $r0);
            w0 = next(w0, w1, w2, w3);
            four_rounds!(e f g h a b c d, w1, $r1);
            w1 = next(w1, w2, w3, w0);
            four_rounds!(a b c d e f g h, w2, $r2);
            w2 = next(w2, w3, w0, w1);
            four_rounds!(e f g h a b c d, w3, $r3);
            w3 = next(w3, w0, w1, w2);
        };
    }
    scheduling!(0 1 2 3);
    scheduling!(4 5 6 7);
    scheduling!(8 9 10 11);
    four_rounds!(a b c d e f g h, w0, 12);
    four_rounds!(e f g h a b c d, w1, 13);
    four_rounds!(a b c d e f g h, w2, 14);
    four_rounds!(e f g h a b c d, w3, 15);
    let [s0, s1, s2, s3, s4, s5, s6, s7] = state;
    [
        s0.wrapping_add(a),
        s1.wrapping_add(b),
        s2.wrapping_add(c),
        s3.wrapping_add(d),
        s4.wrapping_add(e),
        s5.wrapping_add(f),
        s6.wrapping_add(g),
        s7.wrapping_add(h),
    ]
}
