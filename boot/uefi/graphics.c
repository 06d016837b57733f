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
    for (UINTN i = 0; i < n; i++) {
        if (!EFI_ERROR(BS->HandleProtocol(handles[i], &guid, (void **)&gop))
            && (mode_good(gop) || set_best_mode(gop))) {
            BS->FreePool(handles);
            return gop->Mode;
        }
    }
    BS->FreePool(handles);
    return NULL;
}
