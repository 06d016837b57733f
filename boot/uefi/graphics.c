/* SPDX-License-Identifier: MIT */
/*
 * graphics.c -- a screen for the kernel: the mode that is on, if it has a frame buffer.
 *
 * The mode that is on suits the screen, and its text stays readable until the kernel draws. Only
 * where it has no frame buffer of 32 bits is another one set: the largest that is no wider than
 * WIDTH_MAX.
 *
 * Context      boot services
 */
#include "loader.h"

enum { WIDTH_MAX = 1920 };

/* UEFI 2.10 has no name for it; EDK2 calls it gEfiConsoleOutDeviceGuid. */
#define EFI_CONSOLE_OUT_DEVICE_GUID                                                                \
    {                                                                                              \
        0xd3b36f2c, 0xd551, 0x11d4,                                                                \
        {                                                                                          \
            0x9a, 0x46, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d                                         \
        }                                                                                          \
    }

typedef EFI_GRAPHICS_OUTPUT_PROTOCOL gop_t;

static bool
format_good(const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *info)
{
    EFI_PIXEL_BITMASK mask = info->PixelInformation;

    switch (info->PixelFormat) {
    case PixelRedGreenBlueReserved8BitPerColor:
    case PixelBlueGreenRedReserved8BitPerColor:
        return true;
    case PixelBitMask: /* of 32 bits if its highest bit is in the last byte, used or reserved */
        return (mask.RedMask | mask.GreenMask | mask.BlueMask | mask.ReservedMask) > 0xffffff;
    default:
        return false;
    }
}

static bool
mode_good(const gop_t *gop)
{
    return gop->Mode && gop->Mode->Info && gop->Mode->FrameBufferBase
           && format_good(gop->Mode->Info);
}

static bool
set_best_mode(gop_t *gop)
{
    uint64_t best_area = 0;
    uint32_t best = 0;

    for (uint32_t i = 0; gop->Mode && i < gop->Mode->MaxMode; i++) {
        EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *info;
        UINTN size;

        if (EFI_ERROR(gop->QueryMode(gop, i, &size, &info))) {
            continue;
        }
        uint64_t area = (uint64_t)info->HorizontalResolution * info->VerticalResolution;
        if (format_good(info) && info->HorizontalResolution <= WIDTH_MAX && area > best_area) {
            best_area = area;
            best = i;
        }
        BS->FreePool(info);
    }
    return best_area && !EFI_ERROR(gop->SetMode(gop, best)) && mode_good(gop);
}

enum suits { SUITS_CONSOLE, SUITS_NOW, SUITS_IF_SET };

/* The screen behind handle, if it suits in this way. The console's text goes to those with
 * console_device on them, also where ConsoleOutHandle itself has no frame buffer. */
static gop_t *
gop_if(EFI_HANDLE handle, enum suits suits)
{
    EFI_GUID guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
    EFI_GUID console_device = EFI_CONSOLE_OUT_DEVICE_GUID;
    void *ignored;
    gop_t *gop;

    if (EFI_ERROR(BS->HandleProtocol(handle, &guid, (void **)&gop))) {
        return NULL;
    }
    switch (suits) {
    case SUITS_CONSOLE:
        if (EFI_ERROR(BS->HandleProtocol(handle, &console_device, &ignored))) {
            return NULL;
        }
        return mode_good(gop) ? gop : NULL;
    case SUITS_NOW:
        return mode_good(gop) ? gop : NULL;
    default:
        return set_best_mode(gop) ? gop : NULL;
    }
}

/* The console's own screen first: there may be several, and nobody sits before the others. */
const EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *
graphics_choose(void)
{
    EFI_GUID guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
    EFI_HANDLE *handles;
    UINTN n;
    gop_t *gop;

    if (ST->ConsoleOutHandle
        && !EFI_ERROR(BS->HandleProtocol(ST->ConsoleOutHandle, &guid, (void **)&gop))
        && mode_good(gop)) {
        return gop->Mode;
    }
    if (EFI_ERROR(BS->LocateHandleBuffer(ByProtocol, &guid, NULL, &n, &handles))) {
        return NULL;
    }
    gop = NULL;
    for (enum suits suits = SUITS_CONSOLE; suits <= SUITS_IF_SET && !gop; suits++) {
        for (UINTN i = 0; i < n && !gop; i++) {
            gop = gop_if(handles[i], suits);
        }
    }
    BS->FreePool(handles);
    return gop ? gop->Mode : NULL;
}
