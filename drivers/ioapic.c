/* SPDX-License-Identifier: MIT */
/*
 * ioapic.c -- the I/O APICs, and the two 8259s that they replace.
 *
 * Context      ioapic_init and ioapic_route: boot core, before other cores use them.
 */
#include "ioapic.h"

#include <stddef.h>

#include "acpi.h"
#include "lapic.h"
#include "print.h"
#include "vm.h"
#include "x86.h"

/* Intel 82093AA data sheet, section 3 */
enum {
    SELECT = 0x00, /* offsets of the two registers that are mapped */
    WINDOW = 0x10,
    REG_VERSION = 0x01,
    REG_REDIRECTION = 0x10, /* two for each input, the lower half first */
    ENTRY_ACTIVE_LOW = 1 << 13,
    ENTRY_LEVEL = 1 << 15,
    ENTRY_DELIVERY = 7 << 8,
    ENTRY_SMI = 2 << 8,
    ENTRY_MASKED = 1 << 16,
};

/* ISA interrupts are edge-triggered and active high where no override says otherwise. */
enum {
    POLARITY_MASK = 3,
    POLARITY_LOW = 3,
    TRIGGER_MASK = 3 << 2,
    TRIGGER_LEVEL = 3 << 2,
};

enum { PIC1 = 0x20, PIC2 = 0xa0, PIC_INIT = 0x11, PIC_8086 = 0x01 };

#define DEFAULT_ADDRESS 0xfec00000u

struct ioapic {
    volatile uint8_t *regs;
    uint32_t gsi_base;
    uint32_t inputs;
};

static struct ioapic ioapics[ACPI_IOAPICS];
static unsigned nioapics;
static const struct acpi_info *tables;

static uint32_t
reg_read(const struct ioapic *io, uint32_t reg)
{
    *(volatile uint32_t *)(io->regs + SELECT) = reg;
    return *(volatile uint32_t *)(io->regs + WINDOW);
}

static void
reg_write(const struct ioapic *io, uint32_t reg, uint32_t v)
{
    *(volatile uint32_t *)(io->regs + SELECT) = reg;
    *(volatile uint32_t *)(io->regs + WINDOW) = v;
}

/* Even masked, an 8259 answers a line that has gone away with its vector 7: move those off the
 * exceptions. */
static void
mask_pics(void)
{
    static const struct {
        uint16_t port;
        uint8_t value;
    } sequence[] = {
        { PIC1, PIC_INIT },       { PIC2, PIC_INIT },
        { PIC1 + 1, VECTOR_PIC }, { PIC2 + 1, VECTOR_PIC + 8 },
        { PIC1 + 1, 1 << 2 },     { PIC2 + 1, 2 }, /* the second hangs on input 2 of the first */
        { PIC1 + 1, PIC_8086 },   { PIC2 + 1, PIC_8086 },
        { PIC1 + 1, 0xff },       { PIC2 + 1, 0xff },
    };
    for (size_t i = 0; i < sizeof(sequence) / sizeof(sequence[0]); i++) {
        outb(sequence[i].port, sequence[i].value);
        io_delay();
    }
}

static void
add(uint32_t address, uint32_t gsi_base)
{
    struct ioapic *io = &ioapics[nioapics];
    io->regs = vm_map_phys(address, 4096, VM_UC);
    if (io->regs == NULL) {
        kprintf("ioapic: no memory to map the one at %#x\n", address);
        return;
    }
    uint32_t version = reg_read(io, REG_VERSION);
    if (version == UINT32_MAX || version == 0) {
        kprintf("ioapic: nothing answers at %#x\n", address);
        return;
    }
    io->gsi_base = gsi_base;
    io->inputs = (version >> 16 & 0xff) + 1;
    for (uint32_t i = 0; i < io->inputs; i++) {
        if ((reg_read(io, REG_REDIRECTION + 2 * i) & ENTRY_DELIVERY)
            != ENTRY_SMI) { /* firmware's */
            reg_write(io, REG_REDIRECTION + 2 * i, ENTRY_MASKED);
        }
    }
    nioapics++;
}

void
ioapic_init(const struct acpi_info *acpi)
{
    tables = acpi;
    if (!acpi->has_madt || acpi->has_pics) {
        mask_pics();
    }
    if (!acpi->has_madt) {
        add(DEFAULT_ADDRESS, 0);
        return;
    }
    for (unsigned i = 0; i < acpi->nioapics; i++) {
        add(acpi->ioapics[i].addr, acpi->ioapics[i].gsi_base);
    }
}

bool
ioapic_route(uint8_t irq, uint8_t vector, uint32_t apic_id)
{
    uint32_t gsi = irq;
    uint32_t entry = vector;
    for (unsigned i = 0; i < tables->noverrides; i++) {
        const struct acpi_override *o = &tables->overrides[i];
        if (o->irq == irq) {
            gsi = o->gsi;
            entry |= (o->flags & POLARITY_MASK) == POLARITY_LOW ? ENTRY_ACTIVE_LOW : 0;
            entry |= (o->flags & TRIGGER_MASK) == TRIGGER_LEVEL ? ENTRY_LEVEL : 0;
        }
    }
    for (unsigned i = 0; i < nioapics && apic_id < 255; i++) {
        const struct ioapic *io = &ioapics[i];
        if (gsi >= io->gsi_base && gsi - io->gsi_base < io->inputs) {
            uint32_t reg = REG_REDIRECTION + 2 * (gsi - io->gsi_base);
            reg_write(io, reg, ENTRY_MASKED); /* never half of a new route */
            reg_write(io, reg + 1, apic_id << 24);
            reg_write(io, reg, entry);
            return true;
        }
    }
    kprintf("ioapic: no input for interrupt %u (%u) to core %u\n", irq, gsi, apic_id);
    return false;
}
