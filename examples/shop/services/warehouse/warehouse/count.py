from warehouse.app import count_stock

if __name__ == "__main__":
    count_stock()
