//! What an image says of itself: sections, functions, and who refers to whom.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use addr2line::gimli::{Dwarf, EndianSlice, LittleEndian as Little, SectionId};
use anyhow::{Context, Result, anyhow};
use object::elf::{FileHeader32, SHT_REL};
use object::endian::LittleEndian;
use object::read::elf::{ElfFile32, FileHeader, SectionHeader};
use object::{Object, ObjectSection, ObjectSymbol, SectionKind, SymbolKind};

/// Where RAM begins on every Cortex-M.
const RAM: u64 = 0x2000_0000;

/// What an image takes of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Bytes of flash: code, constants, and the initial values of variables.
    pub flash: u64,
    /// Bytes of RAM that are taken before the program starts; the stack comes on top.
    pub ram: u64,
}

/// A function: its address, since several instances of a generic one share a name, and its name, demangled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Function {
    pub address: u64,
    pub name: String,
}

/// A function that refers to another one.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The address of the instruction, or of the constant.
    pub at: u64,
    /// The function that is referred to.
    pub to: Function,
    /// The function that refers; none for a constant.
    pub from: Option<Function>,
}

/// What tells the source of an address.
pub type Lines<'e> = addr2line::Context<EndianSlice<'e, Little>>;

/// An image on disk.
pub struct Elf {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Elf {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| path.display().to_string())?;
        Ok(Self { path: path.to_owned(), bytes })
    }

    fn parse(&self) -> Result<ElfFile32<'_>> {
        Ok(ElfFile32::parse(&*self.bytes)?)
    }

    /// The sizes of the sections that are loaded.
    pub fn size(&self) -> Result<Size> {
        let (mut flash, mut ram) = (0, 0);
        for section in self.parse()?.sections() {
            let stored = match section.kind() {
                SectionKind::Text | SectionKind::Data | SectionKind::ReadOnlyData | SectionKind::ReadOnlyString => true,
                SectionKind::UninitializedData => false,
                // Not loaded.
                _ => continue,
            };
            // Initial values are in both.
            flash += if stored { section.size() } else { 0 };
            ram += if section.address() >= RAM { section.size() } else { 0 };
        }
        Ok(Size { flash, ram })
    }

    /// Every reference to a function, from the relocations that the linker left in the image.
    pub fn references(&self) -> Result<Vec<Reference>> {
        let functions = self.functions()?;
        let header = FileHeader32::<LittleEndian>::parse(&*self.bytes)?;
        let endian = header.endian()?;
        let sections = header.sections(endian, &*self.bytes)?;
        let symbols = sections.symbols(endian, &*self.bytes, object::elf::SHT_SYMTAB)?;
        let mut found = Vec::new();
        for section in sections.iter().filter(|section| section.sh_type(endian) == SHT_REL) {
            let about = sections.section_name(endian, section)?;
            if about.starts_with(b".rel.debug") || about.starts_with(b".rel.ARM") {
                continue;
            }
            let (relocations, _) = section.rel(endian, &*self.bytes)?.context("no relocations in their section")?;
            for relocation in relocations {
                let symbol = symbols.symbol(object::SymbolIndex(relocation.r_sym(endian) as usize))?;
                if symbol.st_type() != object::elf::STT_FUNC {
                    continue;
                }
                let name = symbols.symbol_name(endian, symbol)?;
                let at = u64::from(relocation.r_offset.get(endian));
                let around = functions.range(..=at).next_back().filter(|(start, (size, _))| at < *start + size);
                found.push(Reference {
                    at,
                    to: Function {
                        address: u64::from(symbol.st_value.get(endian)) & !1,
                        name: demangled(&String::from_utf8_lossy(name)),
                    },
                    from: around.map(|(start, (_, name))| Function { address: *start, name: name.clone() }),
                });
            }
        }
        if found.is_empty() {
            return Err(anyhow!("{} holds no relocations: it was linked without --emit-relocs", self.path.display()));
        }
        Ok(found)
    }

    /// The debug information. It is taken as it stands: an image's addresses are final, whatever its relocations say.
    pub fn lines(&self) -> Result<Lines<'_>> {
        let elf = self.parse()?;
        let section = |id: SectionId| -> Result<EndianSlice<'_, Little>> {
            let section = elf.section_by_name(id.name()).map(|section| section.data()).transpose()?;
            Ok(EndianSlice::new(section.unwrap_or_default(), Little))
        };
        Ok(addr2line::Context::from_dwarf(Dwarf::load(section)?)?)
    }

    /// Address to size and name, of all functions.
    pub fn functions(&self) -> Result<BTreeMap<u64, (u64, String)>> {
        let elf = self.parse()?;
        let functions = elf.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.size() != 0);
        functions
            // The lowest bit tells the instruction set.
            .map(|symbol| Ok((symbol.address() & !1, (symbol.size(), demangled(symbol.name()?)))))
            .collect()
    }

    /// Size and name of the constants that have a name.
    pub fn constants(&self) -> Result<Vec<(u64, String)>> {
        let elf = self.parse()?;
        let constants = elf.symbols().filter(|symbol| symbol.kind() == SymbolKind::Data && symbol.address() < RAM);
        constants.map(|symbol| Ok((symbol.size(), demangled(symbol.name()?)))).collect()
    }

    /// Bytes of flash that the vector table takes, and all others.
    pub fn stored(&self) -> Result<(u64, u64)> {
        let vectors = self.parse()?.section_by_name(".vector_table").map_or(0, |section| section.size());
        Ok((vectors, self.size()?.flash - vectors))
    }

    /// The largest functions and constants of the image, for whoever asks where the flash went.
    pub fn largest(&self, count: usize) -> Result<Vec<(u64, String)>> {
        let mut all = self.constants()?;
        all.extend(self.functions()?.into_values());
        all.sort_by(|one, other| other.cmp(one));
        all.dedup();
        all.truncate(count);
        Ok(all)
    }
}

fn demangled(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}
