<?php
Route::prefix('admin')->group(function () {
    Route::get('/orders/{id?}', [C::class, 'show']);
    Route::apiResource('items', D::class)->only(['index']);
});
