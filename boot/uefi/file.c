/* SPDX-License-Identifier: MIT */
/*
 * file.c -- reads files from the volume that the loader came from.
 *
 * Context      boot services
 */
#include "loader.h"

enum {
    PAGE = 4096,
    FILE_MAX = 1 << 30,
};

EFI_FILE *
file_root(const EFI_LOADED_IMAGE *self)
{
    EFI_GUID guid = SIMPLE_FILE_SYSTEM_PROTOCOL;
    EFI_FILE_IO_INTERFACE *volume;
    EFI_FILE *root;

    if (!self->DeviceHandle
        || EFI_ERROR(BS->HandleProtocol(self->DeviceHandle, &guid, (void **)&volume))
        || EFI_ERROR(volume->OpenVolume(volume, &root))) {
        return NULL;
    }
    return root;
}

static EFI_STATUS
open_file(EFI_FILE *root, const CHAR16 *path, EFI_FILE **file)
{
    return root->Open(root, file, (CHAR16 *)path, EFI_FILE_MODE_READ, 0);
}

bool
file_exists(EFI_FILE *root, const CHAR16 *path)
{
    EFI_FILE *file;

    if (!root || EFI_ERROR(open_file(root, path, &file))) {
        return false;
    }
    file->Close(file);
    return true;
}

/* By seeking to the end: firmware differs in how long the record of GetInfo is. */
static EFI_STATUS
file_size(EFI_FILE *file, uint64_t *size)
{
    EFI_STATUS status = file->SetPosition(file, UINT64_MAX);

    if (!EFI_ERROR(status)) {
        status = file->GetPosition(file, size);
    }
    return EFI_ERROR(status) ? status : file->SetPosition(file, 0);
}

static bool
read_open(EFI_FILE *file, const CHAR16 *path, struct blob *out)
{
    uint64_t size = 0;
    EFI_STATUS status = file_size(file, &size); /* a folder has none */

    if (EFI_ERROR(status)) {
        return refuse(L"%s: no length: %r", path, status);
    }
    if (size > FILE_MAX) {
        return refuse(L"%s: %ld bytes, more than %d", path, size, FILE_MAX);
    }
    out->base = memory_pages(size / PAGE + 1);
    out->len = size;
    if (!out->base) {
        return refuse(L"%s: no memory below 4 GiB for %ld bytes", path, size);
    }
    for (uint64_t done = 0; done < size;) {
        UINTN n = size - done;

        status = file->Read(file, &n, (void *)(out->base + done));
        if (EFI_ERROR(status) || n == 0) {
            return refuse(L"%s: reading ended after %ld of %ld bytes: %r", path, done, size,
                          status);
        }
        done += n;
    }
    return true;
}

bool
file_read(EFI_FILE *root, const CHAR16 *path, struct blob *out)
{
    EFI_FILE *file;
    EFI_STATUS status = open_file(root, path, &file);

    if (EFI_ERROR(status)) {
        return refuse(L"%s: %r", path, status);
    }
    bool good = read_open(file, path, out);
    file->Close(file);
    return good;
}
