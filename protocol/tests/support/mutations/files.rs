//! Files that are not put together as an archive is (SPEC section 11), frame by frame, and seals whose bytes are not
//! canonical.

use mutua_protocol::{
    archive::{Check, MAGIC},
    codec, limits,
};

use super::{
    super::story::{BALLOTS, LAST},
    Mutations, Spoiled, Story,
};

/// All of them.
pub fn all(story: &Story) -> Mutations {
    let mut all = frames(story);
    all.extend(charters(story));
    all.extend(seals(story));
    all
}

/// A frame of this kind.
fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap();
    [&[kind][..], &length.to_be_bytes(), payload].concat()
}

fn frames(story: &Story) -> Mutations {
    let frames = story.log().frames();
    let with = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut frames = frames.clone();
        change(&mut frames);
        frames.concat()
    };
    let mut all = Mutations::new();
    let mut put = |name: String, bytes: Vec<u8>, check: Check, seal: Option<usize>| {
        all.push((format!("file: {name}"), Spoiled::at(bytes, check, seal)));
    };
    for height in 1..=LAST {
        put(
            format!("seal {height} is of no kind"),
            with(&|f| f[height][0] = 0),
            Check::Canonical,
            Some(height),
        );
        put(
            format!("seal {height} as a charter"),
            with(&|f| f[height][0] = 1),
            Check::Canonical,
            Some(height),
        );
        put(format!("seal {height} as an end"), with(&|f| f[height][0] = 3), Check::Canonical, Some(height));
        // What is left of it decodes to nothing, whether the next frame gains or loses a byte.
        put(
            format!("seal {height} longer by a byte"),
            with(&|f| {
                let length = u32::from_be_bytes(f[height][1..5].try_into().unwrap()) + 1;
                f[height][1..5].copy_from_slice(&length.to_be_bytes());
            }),
            Check::Canonical,
            Some(height),
        );
        put(format!("cut before seal {height}"), frames[..height].concat(), Check::End, Some(height));
        put(
            format!("cut inside the head of seal {height}"),
            [frames[..height].concat(), frames[height][..3].to_vec()].concat(),
            Check::End,
            Some(height),
        );
        put(
            format!("an end before seal {height}"),
            with(&|f| f.insert(height, f[LAST + 1].clone())),
            Check::End,
            Some(height - 1),
        );
        if height > 1 && height < LAST {
            put(
                format!("without seals {height} and later but the last"),
                with(&|f| drop(f.drain(height..LAST))),
                Check::Height,
                Some(height),
            );
            put(
                format!("seal {height} again at the end"),
                with(&|f| f.insert(LAST + 1, f[height].clone())),
                Check::Height,
                Some(LAST + 1),
            );
        }
    }
    put("seals in reverse".to_owned(), with(&|f| f[1..=LAST].reverse()), Check::Height, Some(1));
    put("an end of nothing".to_owned(), with(&|f| f[LAST + 1] = frame(3, &[0; 40])), Check::End, Some(LAST));
    put(
        "an end that is too long".to_owned(),
        with(&|f| {
            let longer = [&f[LAST + 1][5..], &[0]].concat();
            f[LAST + 1] = frame(3, &longer);
        }),
        Check::Canonical,
        Some(LAST + 1),
    );
    put("an end with another number".to_owned(), with(&|f| f[LAST + 1][12] ^= 1), Check::End, Some(LAST));
    put("a frame of nothing".to_owned(), with(&|f| f[3] = frame(2, &[])), Check::Canonical, Some(3));
    put(
        "a frame that is one byte too large".to_owned(),
        with(&|f| f[3] = frame(2, &vec![0; limits::DECODE_BYTES + 1])),
        Check::Canonical,
        Some(3),
    );
    put("a seal after the end".to_owned(), with(&|f| f.push(f[LAST].clone())), Check::End, None);
    all
}

fn charters(story: &Story) -> Mutations {
    let log = story.log();
    let charter = codec::encode(&log.charter);
    let rest = log.frames()[1..].concat();
    let with = |payload: &[u8]| [&MAGIC[..], &frame(1, payload), &rest].concat();
    let rule = {
        let before = codec::encode(&log.charter.sealing);
        let found = charter.windows(before.len()).position(|window| window == before).unwrap();
        found + before.len()
    };
    let mut name = charter.clone();
    name[10] = 0xff;
    let mut unknown_rule = charter.clone();
    unknown_rule[rule + 3] = 200;
    let mut wild_length = charter.clone();
    wild_length[2] = 0xff;
    let large = [&charter[..], &vec![0; limits::CHARTER_BYTES]].concat();
    let cases = [
        ("a byte after it", [&charter[..], &[0]].concat()),
        ("a byte missing", charter[..charter.len() - 1].to_vec()),
        ("nothing", Vec::new()),
        ("a name that is not UTF-8", name),
        ("a rule that is not there", unknown_rule),
        ("a name that goes on for ever", wild_length),
        ("more bytes than one may have", large),
    ];
    let mut all: Mutations = cases
        .into_iter()
        .map(|(name, payload)| {
            (format!("bytes of a charter: {name}"), Spoiled::at(with(&payload), Check::Charter, None))
        })
        .collect();
    let mut endless = [&MAGIC[..], &frame(1, &charter), &rest].concat();
    endless[MAGIC.len() + 1] = 0xff;
    all.push((
        "bytes of a charter: a frame without bound".to_owned(),
        Spoiled::at(endless, Check::Charter, None),
    ));
    let cut = [&MAGIC[..], &frame(1, &charter)[..200]].concat();
    all.push(("bytes of a charter: cut inside".to_owned(), Spoiled::at(cut, Check::End, None)));
    let cut = [&MAGIC[..], &frame(1, &charter)[..4]].concat();
    all.push(("bytes of a charter: cut inside its length".to_owned(), Spoiled::at(cut, Check::End, None)));
    all
}

/// The bytes of a seal, changed at a place.
fn seals(story: &Story) -> Mutations {
    let log = story.log();
    let frames = log.frames();
    let bytes = codec::encode(&log.batches[BALLOTS - 1]);
    // The header of a seal that closes nothing has 117 bytes; 4 of the certificate's round follow, then its list.
    let list = 117 + 4;
    let signatures = log.batches[BALLOTS - 1].certificate.signatures.len();
    let records = list + 8 + signatures * 96;
    let changes: [(&str, usize, u8); 8] = [
        ("a mark of closing that is no mark", 116, 3),
        ("signatures that go on for ever", list, 0x80),
        ("a signature more than there are", list + 7, u8::try_from(signatures).unwrap() + 1),
        ("a signature fewer than there are", list + 7, u8::try_from(signatures).unwrap() - 1),
        ("records that go on for ever", records, 0x80),
        ("a record more than there are", records + 7, 5),
        ("a record fewer than there are", records + 7, 3),
        ("a record that goes on for ever", records + 8, 0xff),
    ];
    changes
        .into_iter()
        .map(|(name, place, byte)| {
            let mut changed = bytes.clone();
            assert_ne!(changed[place], byte, "{name}");
            changed[place] = byte;
            let mut frames = frames.clone();
            frames[BALLOTS] = frame(2, &changed);
            (format!("bytes of a seal: {name}"), Spoiled::at(frames.concat(), Check::Canonical, BALLOTS))
        })
        .collect()
}
